"""The four grades."""

from django.db import models


class Grade(models.TextChoices):
    RED = "红", "红色"
    ORANGE = "橙", "橙色"
    YELLOW = "黄", "黄色"
    BLUE = "蓝", "蓝色"
