"""Language models: who is asked, what they are told, and what is made of their words."""
