"""Reports of schools, and the periods they report on."""
