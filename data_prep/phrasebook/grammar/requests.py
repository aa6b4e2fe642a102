"""Asking for favours."""

RULES = """
[sentences]
Could you {request}? | Can you {request}? = 你能{request}吗？
Could you {request}, please? | Would you {request}, please? = 请你{request}，好吗？
Please {request}. = 请{request}。
Please {timed} at {set_clock}. = 请{set_clock}{timed}。
I asked {named} to {favour}. = 我请{named}{favour}。
Don't forget to {reminder}. = 别忘了{reminder}。
Please don't forget to {reminder}. = 请别忘了{reminder}。
May I {leave}? | Can I {leave}? = 我可以{leave}吗？
Could you {timed} {near}? | Can you {timed} {near}? = 你{near}能{timed}吗？
"""
