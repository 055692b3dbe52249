"""tests/protocol/document.py -- docs/PROTOCOL.md against the headers and a real server: every
offset, size and number of its tables is compiled into an assertion, every worked example is sent.
Arguments: the source directory, and the C compiler."""
import re
import subprocess
import sys
import tempfile

from gongji_wire import *

# Section of a table, its first column's field, and the structure it describes.
TABLES = [('1. Frames', 'size', 'wire_header', 16), ('2. HELLO', 'magic', 'wire_hello', 32),
          ('2. HELLO', 'version', 'gj_hello_answer', 64), ('4. Operations', 'rid', 'gj_op', 64),
          ('4.1', 'province', 'gj_region_ext', 384),
          ('4.1', 'outpatient_single_fen', 'gj_policy', 256), ('5. Replies', 'code', 'gj_reply', 0),
          ('6. Reads', 'type', 'gj_read', 64), ('6. Reads', 'code', 'gj_answer', 24),
          ('6.1', 'id', 'gj_person_view', 312), ('6.5', 'rid', 'gj_hold_view', 96),
          ('6.6', 'id', 'gj_institution_day_view', 64)]
SOURCES = ('taken', 'remainder')
# What the page says in a line of prose: heading, what it says there, structure, field.
PROSE = [('4.2', '0: code,', 'gj_institution_ext', 'code'),
         ('4.3', '0: relative', 'gj_pay_ext', 'relative'),
         ('4.3', '8: personal_part', 'gj_pay_ext', 'personal_part'),
         ('4.3', '16: timeout_s', 'gj_pay_ext', 'timeout_s'),
         ('4.3', '20: 44 bytes', 'gj_pay_ext', 'reserved'),
         ('4.4', '0: rid', 'gj_original_ext', 'rid'),
         ('4.4', '16: 48 bytes', 'gj_original_ext', 'reserved'),
         ('6.2', '0: state', 'gj_op_view', 'state'),
         ('6.2', '8: position', 'gj_op_view', 'position'),
         ('6.2', '16: reply', 'gj_op_view', 'reply'), ('6.2', '48: taken', 'gj_op_view', 'sources'),
         ('6.2', '80:', 'gj_op_view', 'op'), ('6.3', '0: id', 'gj_region_view', 'id'),
         ('6.3', '2: scheduled', 'gj_region_view', 'scheduled'),
         ('6.3', '8: version', 'gj_region_view', 'version'),
         ('6.3', '12: scheduled_version', 'gj_region_view', 'scheduled_version'),
         ('6.3', '16: scheduled_from_ms', 'gj_region_view', 'scheduled_from_ms'),
         ('6.3', '24: 384', 'gj_region_view', 'current'),
         ('6.3', '408: 256', 'gj_region_view', 'next'),
         ('6.4', '0: id', 'gj_institution_view', 'id'),
         ('6.4', '8: code', 'gj_institution_view', 'code'),
         ('6.4', '24: payable', 'gj_institution_view', 'payable'),
         ('6.4', '40: region', 'gj_institution_view', 'region'),
         ('6.4', '42: type', 'gj_institution_view', 'type'),
         ('6.4', '43: scenario', 'gj_institution_view', 'scenarios'),
         ('6.4', '44: flags', 'gj_institution_view', 'flags'),
         ('8.', '0 code', 'wire_error', 'code'), ('8.', '8: 56', 'wire_error', 'text')]


def tables(text):
    """(heading, rows of cells) of every table."""
    heading, rows = '', []
    for line in text.splitlines() + ['']:
        if line.startswith('|'):
            rows.append([cell.strip() for cell in line.strip('|').split('|')])
            continue
        if rows:
            yield heading, rows[0], rows[2:]
            rows = []
        if line.startswith('#'):
            heading = line.lstrip('# ')


def product(text):
    value = 1
    for part in text.split('×'):
        value *= int(part)
    return value


def layout(name, size, rows, out):
    """Rows follow each other without a hole, and each is where the compiler has it."""
    at = 0
    for offset, length, field, *_ in rows:
        assert int(offset) == at, (name, field, offset, at)
        at += product(length)
        struct_name, base = (name, 0)
        if name == 'gj_reply' and field in SOURCES:
            struct_name, base = 'gj_reply_sources', 32
        if field == 'reserved': # its place follows from what stands around it
            continue
        place = f'{struct_name}, {field}'
        out.append(f'static_assert(offsetof(struct {place}) == {int(offset) - base}, "{place}");')
        out.append(f'static_assert(sizeof(((struct {struct_name} *)0)->{field}) == '
                   f'{product(length)}, "size of {place}");')
    if size:
        assert at == size, (name, at)
        out.append(f'static_assert(sizeof(struct {name}) == {size}, "{name}");')


def prose(text, out):
    for heading, words, name, field in PROSE:
        section = re.search(rf'^###? {re.escape(heading)}.*?(?=^##|\Z)', text, re.S | re.M)[0]
        assert re.search(rf'(?<!\d){re.escape(words)}', section), (heading, words)
        out.append(f'static_assert(offsetof(struct {name}, {field}) == '
                   f'{int(re.match("[0-9]+", words)[0])}, "{name}, {field}");')
    stats = re.search(r'STATS \| \| 28 × u64: (.*?) \|', text)[1].split(', ')
    assert len(stats) == 28
    for i, field in enumerate(stats):
        out.append(f'static_assert(offsetof(struct gj_stats_view, {field}) == {8 * i}, "stats");')


def numbers(prefix, rows, out):
    for number, name, *_ in rows:
        out.append(f'static_assert({prefix}{name} == {number}, "{name}");')


def test_tables_are_what_the_compiler_says(d):
    source, compiler = ARGUMENTS
    with open(os.path.join(source, 'docs/PROTOCOL.md')) as file:
        text = file.read()
    found = list(tables(text))
    out = [f'#include "core/format/{name}"' for name in ('wire.h', 'codes.h', 'policy.h')]
    for heading, field, name, size in TABLES:
        rows = [rows for h, head, rows in found
                if h.startswith(heading) and head[0] == 'Offset' and rows[0][2] == field]
        assert len(rows) == 1, (heading, field, len(rows))
        layout(name, size, rows[0], out)
    prose(text, out)
    for heading, prefix, map_name in (('4. Operations', 'GJ_OP_', 'GJ_OP_MAP'),
                                      ('6. Reads', 'GJ_READ_', 'GJ_READ_MAP'),
                                      ('9. Codes', 'GJ_', 'GJ_CODE_MAP')):
        rows, = [rows for h, head, rows in found
                 if h.startswith(heading) and head[0] in ('Type', 'Code') and head[1] == 'Name']
        numbers(prefix, rows, out)
        out += ['#undef X', '#define X(...) +1',
                f'static_assert((0 {map_name}(X)) == {len(rows)}, "{map_name}");']
    with tempfile.NamedTemporaryFile('w', suffix='.c', dir=os.path.dirname(d)) as program:
        program.write('\n'.join(out) + '\n')
        program.flush()
        subprocess.run([*compiler.split(), '-std=gnu11', '-fsyntax-only', '-I', source,
                        program.name], check=True)


def examples(text):
    """(text before, bytes) of every hex block; one that ends early goes on with zeros."""
    section = text[text.index('## 10.'):]
    for before, block in re.findall(r'([^`]*)```\n(.*?)```', section, re.S):
        data, total = bytearray(), None
        for line in block.splitlines():
            words = line.split()
            if words[0] == '...':
                total = int(re.search(r'(\d+) bytes', line)[1])
                continue
            assert int(words[0]) == len(data), line
            data += bytes.fromhex(''.join(words[1:]))
        yield before.strip(), bytes(data.ljust(total or 0, b'\0'))


def lines(data):
    """Where each operation of an OPS frame begins."""
    at = 16
    while at < len(data):
        yield at
        at += 64 * (1 + data[at + 57])


def test_examples_are_what_the_server_says(d):
    source, _ = ARGUMENTS
    with open(os.path.join(source, 'docs/PROTOCOL.md')) as file:
        blocks = list(examples(file.read()))
    requests = [data for _, data in blocks if data[4] < ANSWER]
    answers = [data for _, data in blocks if data[4] >= ANSWER]
    assert len(requests) == len(answers)
    # One of each: of the operations clients send, of the reads that came with holds.
    sent = {data[at + 56] for data in requests if data[4] == OPS for at in lines(data)}
    assert sent >= {OPEN_PERSON, CONFIRM_WALLET, BIND, DEPOSIT, TRANSFER,
                    *range(ACCEPT, EXPIRE)}, sent
    asked = {data[16] for data in requests if data[4] == READS}
    assert asked >= {GET_PERSON, GET_OP, LIST_HOLDS, LIST_PENDING, INSTITUTION_DAY}, asked
    with Server(d, '--test-clock') as server:
        first = server.client()
        time_ms = int.from_bytes(requests[1][16:22], 'big')
        first.clock(time_ms)
        regions = [region(n, f'region {n}', region_change=1, receive=n == 3, id=rid(time_ms))
                   for n in (1, 2, 3)]
        assert first.codes(*regions) == [0, 0, 0]
        client = Client(server.address, greet=False)
        for request, expected in zip(requests, answers):
            client.send(request)
            got = bytearray(client.bytes(len(expected)))
            expected = bytearray(expected)
            for data in (got, expected): # what no two servers share
                if data[4] == HELLO | ANSWER:
                    data[28] = 0 # CLOCK is allowed
                    data[32:48], data[56:64] = bytes(16), bytes(8) # log_id, time_ms
                if data[4] == READS | ANSWER:
                    data[32:40] = bytes(8) # time_ms
                    if data[17] == GET_OP:
                        data[48:56] = bytes(8) # position
                    if data[17] == GET_PERSON: # last_position: how many groups came before
                        data[120:128] = bytes(8)
            assert got == expected, (request.hex(' '), got.hex(' '), expected.hex(' '))
        client.ended()


if __name__ == '__main__':
    ARGUMENTS = [sys.argv.pop(1), sys.argv.pop(1)]
    main(sys.modules[__name__])
