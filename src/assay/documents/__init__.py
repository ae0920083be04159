"""Files that people write: read strictly, with the line of everything, and explained in one line when wrong."""
