"""Asking for favours."""

RULES = """
[sentences]
Could you {request}, please? | Can you {request}, please? | Would you {request}, please? = 你能{request}吗？
Please {request}. = 请{request}。
Please {request} at {clock}. = 请{clock}{request}。
I asked {named} to {request}. = 我请{named}{request}。
Don't forget to {request}. | Please don't forget to {request}. = 别忘了{request}。
May I {activity}? | Can I {activity}? = 我可以{activity}吗？
Could you {request} {future}? | Can you {request} {future}? = 你{future}能{request}吗？
"""
