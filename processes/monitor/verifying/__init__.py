"""What `pilot verify` compares of one process: its state with its rows, its rows with their proofs, its history with what was done."""
