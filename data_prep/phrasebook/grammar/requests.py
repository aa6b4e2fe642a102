"""Asking for favours."""

RULES = """
[sentences]
Could you {request}, please? | Can you {request}, please? | Would you {request}, please? = 你能{request}吗？
Please {request}. = 请{request}。
Please {errand} at {clock}. = 请{clock}{errand}。
I asked {named} to {errand}. = 我请{named}{errand}。
Don't forget to {errand}. | Please don't forget to {errand}. = 别忘了{errand}。
May I {activity}? | Can I {activity}? = 我可以{activity}吗？
Could you {errand} {soon}? | Can you {errand} {soon}? = 你{soon}能{errand}吗？
"""
