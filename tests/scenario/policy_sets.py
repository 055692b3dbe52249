#!/usr/bin/env python3
# tests/scenario/policy_sets.py -- the scenarios of the policy sets set what those sets say.
"""usage: policy_sets.py PROJECT_DIR

Two scenario files claim to write out a policy set of data/policies. Each field of the set, with
those of its base, is compared with what the scenario's first lines set for region 1; a scenario
opens the wallet and names its region, nothing else may differ. Each must name every field that the
scenario language knows. Before that it checks itself: planted differences must be found.
"""
import os
import re
import sys

PAIRS = {"seed": "seed_policy_set.txt", "guide-2025": "guide_policy_set.txt"}
NAMES = {"name", "province"}  # of a region, not of a policy
WALLET_OPEN = ("0", "1")  # the sets leave it to data/regions.csv; a scenario needs it
STAGE = {"region", "always", "at", "limits"}  # what may stand before a scenario's first lines end
CARE = "outpatient,inpatient,special,maternity,drug"
ALL = {"relation_mask": "spouse,parent,child,sibling,grandparent,maternal_grandparent,grandchild,"
                        "maternal_grandchild",
       "payer_mask_personal": "employee,resident", "payer_mask_wallet": "employee,resident",
       "beneficiary_mask": "employee,resident", "purpose_mask_wallet": CARE,
       "purpose_mask_personal": CARE, "purpose_mask_relative": CARE,
       "auth_mask_transfer": "none,face,code,card", "auth_mask_pay": "none,face,code,card",
       "auth_mask_bind": "none,face,code,card"}


def canonical(field, value):
    """The value in one spelling: words of a mask sorted, numbers without leading zeros."""
    if "_mask" in field:
        return ",".join(sorted((ALL[field] if value == "all" else value).split(",")))
    return str(int(value)) if re.fullmatch(r"-?\d+", value) else value


def put(policy, field, value):
    """As the language does it: a premium row replaces the one of its year and product."""
    if field == "premium":
        field = "premium " + "/".join(value.split("/")[:2])
    policy[field] = canonical(field, value)


def lines_of(path):
    with open(path, encoding="utf-8") as source:
        return source.read().splitlines()


def read_set(directory, name):
    policy = {}
    for line in lines_of(os.path.join(directory, name + ".policy")):
        field, equals, value = (part.strip() for part in line.split("#")[0].partition("="))
        if field == "base":
            policy.update(read_set(directory, value))
        elif equals and field != "name":
            put(policy, field, value)
    return policy


def read_scenario(lines):
    """What the first lines of a scenario set for region 1."""
    policy = {}
    for line in lines:
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if words and words[0] not in STAGE:
            break
        if words[:2] == ["region", "1"]:
            for word in words[2:]:
                field, _, value = word.partition("=")
                if field not in NAMES:
                    put(policy, field, value)
    return policy


def differences(policy, scenario, fields):
    found = [f"{field}: a field of the language, but not in the set"
             for field in sorted(fields - set(policy))]
    for field in sorted(set(policy) | set(scenario)):
        values = policy.get(field, "nothing"), scenario.get(field, "nothing")
        if field == "wallet_open" and values == WALLET_OPEN:
            continue
        if values[0] != values[1] or field == "wallet_open":
            found.append(f"{field}: the set says {values[0]}, the scenario {values[1]}")
    return found


def check_itself(policy, lines, fields):
    """A value changed, a field left out on either side, a field too many: each must be found."""
    scenario = read_scenario(lines)
    for field in sorted(set(scenario) - {"wallet_open"}):
        less = {key: value for key, value in scenario.items() if key != field}
        for planted in less, {**scenario, field: "planted"}:
            new = set(differences(policy, planted, fields)) - set(
                differences(policy, scenario, fields))
            if not any(line.startswith(field + ":") for line in new):
                return f"a planted difference of {field} was not found"
    if not differences(policy, read_scenario(["region 1 planted=1", *lines]), fields):
        return "a planted field was not found"
    if not differences(policy, scenario, fields | {"planted"}):
        return "a planted field of the language was not found"
    if not differences(policy, {**scenario, "wallet_open": "0"}, fields):
        return "a planted closed wallet was not found"
    if canonical("relation_mask", "child,spouse") != canonical("relation_mask", "spouse,child") or \
            canonical("quota_bp", "0700") != canonical("quota_bp", "700"):
        return "spellings are confused"
    return None


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 64
    project = arguments[0]
    table = "\n".join(lines_of(os.path.join(project, "cli", "common", "policy_text.c")))
    fields = set(re.findall(r"^    (?:NUMBER|FLAG|FEN|MINUTE|WORD|MASK)\((\w+)", table, re.M))
    failed = 0
    for name, file in PAIRS.items():
        policy = read_set(os.path.join(project, "data", "policies"), name)
        lines = lines_of(os.path.join(project, "tests", "scenarios", file))
        blind = check_itself(policy, lines, fields) if len(fields) > 30 else "few fields are known"
        found = [f"checks itself: {blind}"] if blind else \
            differences(policy, read_scenario(lines), fields)
        for line in found:
            print(f"not ok {name}, {file}: {line}")
        if not found:
            print(f"ok {name}: {len(policy)} fields as in {file}")
        failed += len(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
