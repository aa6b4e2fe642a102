"""What people will do, would like to do, and cannot."""

RULES = """
[sentences]
{subject} will {activity} {future}. | {subject} {subject.be} going to {activity} {future}.
    = {subject}{future}要{activity}。
{subject} will not {activity} {future}. | {subject} won't {activity} {future}.
    = {subject}{future}不{activity}。
Will {asked} {activity} {future}? = {asked}{future}会{activity}吗？
{subject} would like to {activity}. = {subject}想{activity}。
I would like to {activity} with {named}. | I'd like to {activity} with {named}. | I want to {activity} with {named}.
    = 我想和{named}一起{activity}。
{subject} can't {activity} {future}. | {subject} cannot {activity} {future}.
    = {subject}{future}不能{activity}。
Let's {routine} {soon}. | Let us {routine} {soon}. = 我们{soon}{routine}吧。
{subject} must {activity} {future}. | {subject} {subject.have} to {activity} {future}.
    = {subject}{future}必须{activity}。
{subject} will {activity} before going to {city}. = {subject}去{city}以前要{activity}。
Would you like to {routine} with us? | Do you want to {routine} with us? = 你想和我们一起{routine}吗？
{subject} decided to {activity}. = {subject}决定{activity}。
{subject} will {activity} at {clock}. = {subject}{clock}要{activity}。
"""
