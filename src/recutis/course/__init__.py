"""The course: dates, aftercare, when to call."""

from recutis.course.aftercare import Flag, Instruction, instructions, red_flags, triage
from recutis.course.dates import CourseDates, course_dates

__all__ = ["CourseDates", "Flag", "Instruction", "course_dates", "instructions", "red_flags", "triage"]
