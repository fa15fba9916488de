"""What goes in and out as JSON, typed; each shape is made from what the knowledge base hands out."""
