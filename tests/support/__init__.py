"""What several test modules build on; holds no test."""
