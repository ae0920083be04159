"""Times at which a schedule fires."""

from __future__ import annotations
import calendar, re
from datetime import datetime, timedelta
from typing import Optional, List

M = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
W = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


class CronError(ValueError):
    """A text that is not a schedule."""


def num(s):
    if s == "":
        raise CronError("bad")
    for ch in s:
        if ch not in "0123456789":
            raise CronError("bad")
    return int(s)


class Schedule:
    @classmethod
    def parse(cls, text: str) -> Schedule:
        parts = text.lower().split()
        if len(parts) != 5:
            raise CronError("bad")
        s = cls()
        s.sets = []
        s.ends = []
        s.nths = []
        lows = [0, 0, 1, 1, 0]
        highs = [59, 23, 31, 12, 6]
        for i in range(0, 5):
            lo = lows[i]
            hi = highs[i]
            vals = set()
            for item in parts[i].split(","):
                if i == 2 and item == "l":
                    s.ends.append(0)
                    continue
                if i == 2 and item[:2] == "l-":
                    x = num(item[2:])
                    if x < 1 or x > 30:
                        raise CronError("bad")
                    else:
                        s.ends.append(x)
                    continue
                nth = None
                if i == 4 and "#" in item:
                    pieces = item.split("#")
                    if len(pieces) != 2:
                        raise CronError("bad")
                    if pieces[1] == "l":
                        nth = "l"
                    else:
                        nth = num(pieces[1])
                        if nth < 1 or nth > 5:
                            raise CronError("bad")
                    item = pieces[0]
                    if "-" in item or "/" in item or "*" in item:
                        raise CronError("bad")
                step = 1
                has_step = False
                if "/" in item:
                    pieces = item.split("/")
                    if len(pieces) != 2:
                        raise CronError("bad")
                    step = num(pieces[1])
                    if step == 0:
                        raise CronError("bad")
                    item = pieces[0]
                    has_step = True
                if item == "*":
                    a = lo
                    b = hi
                else:
                    ends = item.split("-")
                    if len(ends) > 2:
                        raise CronError("bad")
                    if len(ends) == 1 and has_step == True:
                        raise CronError("bad")
                    nums = []
                    for e in ends:
                        if i == 3 and e in M:
                            nums.append(M.index(e) + 1)
                        elif i == 4 and e in W:
                            nums.append(W.index(e))
                        else:
                            v = num(e)
                            if i == 4 and v == 7:
                                v = 0
                            if v < lo or v > hi:
                                raise CronError("bad")
                            nums.append(v)
                    a = nums[0]
                    if len(nums) == 2:
                        b = nums[1]
                    else:
                        b = nums[0]
                if nth != None:
                    s.nths.append((a, nth))
                else:
                    l = []
                    if a <= b:
                        v = a
                        while v <= b:
                            l.append(v)
                            v = v + 1
                    else:
                        v = a
                        while v <= hi:
                            l.append(v)
                            v = v + 1
                        v = lo
                        while v <= b:
                            l.append(v)
                            v = v + 1
                    for j in range(0, len(l)):
                        if j % step == 0:
                            vals.add(l[j])
            s.sets.append(vals)
        if parts[2] == "*" or parts[4] == "*":
            s.either = False
        else:
            s.either = True
        return s

    def day_ok(self, d):
        if not d.month in self.sets[3]:
            return False
        n = calendar.monthrange(d.year, d.month)[1]
        ok1 = False
        if d.day in self.sets[2]:
            ok1 = True
        for e in self.ends:
            if n - e == d.day:
                ok1 = True
        wd = (d.weekday() + 1) % 7
        ok2 = False
        if wd in self.sets[4]:
            ok2 = True
        for x in self.nths:
            if x[0] == wd:
                if x[1] == "l":
                    if d.day + 7 > n:
                        ok2 = True
                else:
                    if (d.day - 1) // 7 + 1 == x[1]:
                        ok2 = True
        if self.either == True:
            if ok1 == True or ok2 == True:
                return True
            else:
                return False
        else:
            if ok1 == True and ok2 == True:
                return True
            else:
                return False

    def matches(self, moment: datetime) -> bool:
        if moment.tzinfo != None:
            raise ValueError("aware")
        if moment.minute in self.sets[0]:
            if moment.hour in self.sets[1]:
                if self.day_ok(moment):
                    return True
        return False

    def next_after(self, moment: datetime) -> Optional[datetime]:
        if moment.tzinfo != None:
            raise ValueError("aware")
        d = datetime(moment.year, moment.month, moment.day)
        count = 0
        while count < 50 * 366 + 1:
            if self.day_ok(d) == True:
                for h in sorted(list(self.sets[1])):
                    for m in sorted(list(self.sets[0])):
                        t = datetime(d.year, d.month, d.day, h, m)
                        if t > moment:
                            return t
            try:
                d = d + timedelta(days=1)
            except:
                return None
            count = count + 1
        return None

    def between(self, start: datetime, end: datetime) -> List[datetime]:
        if start.tzinfo != None or end.tzinfo != None:
            raise ValueError("aware")
        l = []
        if start < end:
            if start.second == 0 and start.microsecond == 0:
                if self.matches(start) == True:
                    l.append(start)
            t = self.next_after(start)
            while t != None:
                if t >= end:
                    break
                else:
                    l.append(t)
                    t = self.next_after(t)
        return l
