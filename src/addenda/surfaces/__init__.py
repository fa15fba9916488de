"""Ways in: thin translations between the outside and :class:`~addenda.knowledge_base.KnowledgeBase`, with no policy."""
