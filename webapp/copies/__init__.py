"""抄送: sending copies of a record, and opening those that were received."""
