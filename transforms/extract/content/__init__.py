"""A page's blocks -> those that are its main content, captions on their pictures: rules that read, and never parse."""
