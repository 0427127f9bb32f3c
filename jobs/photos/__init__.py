"""Photos of candidates: looked at, cropped, taken out of archives and given to candidates."""
