"""tests/protocol/fixture_people.py -- People and regions that tests of several operations share.

Region 1 settles transfers at once, region 2 lets its people accept them. Persons 1 to 4 have a
personal account and a wallet: 1, 2 and 4 in region 1, 3 in region 2. 1 bound 2 and 3; 4 bound 1,
so that 1 can draw on 4. Institution 10 is in region 1.
"""
from gongji_wire import *

HOUR = 3600000
DAY = 24 * HOUR
OWN, WALLET, RELATIVE = 1, 2, 3
OWN_AND_RELATIVE = OWN | RELATIVE << 2
INSTITUTION = 10


def morning():
    """Tomorrow 09:00 in Asia/Shanghai: request ids of now are good, and days go on from there."""
    return (day_of(int(time.time() * 1000)) + 1) * DAY + HOUR


def due_of_transfers(time_ms):
    """When a transfer of that day returns by itself: the next day at 06:00."""
    return (day_of(time_ms) + 1) * DAY - 2 * HOUR


def person(number, home=1):
    return [op(OPEN_PERSON, number, arg=home, sub=1, detail=1),
            op(CONFIRM_WALLET, number, arg=home, auth=1)]


def bind(payer, member):
    return op(BIND, payer, member, -1, sub=1, auth=1)


def build(client, **policy):
    ops = [region(1, 'one', **policy), region(2, 'two', receive=1, **policy),
           op(SET_INSTITUTION, other=INSTITUTION, arg=1, sub=1, detail=31, flags=0x10,
              ext=bytes(64))]
    for number, home in ((1, 1), (2, 1), (3, 2), (4, 1)):
        ops += person(number, home)
    ops += [bind(1, 2), bind(1, 3), bind(4, 1), op(DEPOSIT, 1, amount=100000),
            op(DEPOSIT, 4, amount=50000)]
    codes = client.codes(*ops)
    assert set(codes) == {0}, codes


def transfer(payer, payee, amount, source=OWN, id=None):
    return op(TRANSFER, payer, payee, amount, sub=source, auth=1, id=id)


def figures(client, people=(1, 2, 3, 4)):
    """Everything the steps of a test may change, by name."""
    found = {'payable': client.payable(INSTITUTION)}
    for number in people:
        for name, value in client.person(number).items():
            found[f'{number}.{name}'] = value
    for number in people:
        found[f'{number}.open'] = [(h['rid'], h['left']) for h in client.open_ones(LIST_HOLDS,
                                                                                  number)]
        found[f'{number}.pending'] = [(h['rid'], h['amount'])
                                      for h in client.open_ones(LIST_PENDING, number)]
    for name in ('holds', 'persons'):
        found[name] = client.stats()[name]
    return found


def changes(before, after, names=None):
    """{name: new value} of what differs; the lists and quotas only if `names` asks for them."""
    found = {name: value for name, value in after.items() if before[name] != value}
    left = ('open', 'pending', 'quota', 'quota_left')
    return {name: value for name, value in found.items() if name.split('.')[-1] not in left}
