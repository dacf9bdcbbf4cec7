"""What crosses a process boundary: messages, topics, object names, tables, the model contract."""
