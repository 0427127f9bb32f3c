"""批量导入考生照片, and the photo of one candidate."""
