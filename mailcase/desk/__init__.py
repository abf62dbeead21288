"""What people do, one function an act: the command line, a web page and an API call the same ones."""
