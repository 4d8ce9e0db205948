"""What the functions behind the API share: forms of bodies and answers. The only part that imports pydantic."""
