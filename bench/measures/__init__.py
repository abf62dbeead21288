"""What can be measured, a module each; `bench.__main__` names them."""
