"""Reports: findings on a page."""
