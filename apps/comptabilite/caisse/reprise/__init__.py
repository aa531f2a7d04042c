"""A paper till brought into the books: read, controlled, written through the services of the screens."""
