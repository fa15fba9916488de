"""Documents that knowledge is taken from: reading them from files, and cutting them into sentences."""
