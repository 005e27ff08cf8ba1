"""What can be said of a graph without any data: where its values lie, how it leans, its kind."""
