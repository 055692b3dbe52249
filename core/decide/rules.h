/* core/decide/rules.h -- the rules of each operation: one function each, called by decide() through
 * dispatch() in core/decide/rules.c. Private to core/decide/. */
#ifndef CORE_DECIDE_RULES_H
#define CORE_DECIDE_RULES_H

struct decider;

/* core/decide/register.c */
void decide_set_region(struct decider *d);
void decide_set_institution(struct decider *d);
void decide_open_person(struct decider *d);
void decide_update_person(struct decider *d);
void decide_confirm_wallet(struct decider *d);
void decide_suspend(struct decider *d);
/* core/decide/family.c */
void decide_bind(struct decider *d);
void decide_unbind(struct decider *d);
void decide_set_cap(struct decider *d);
/* core/decide/transfer.c */
void decide_deposit(struct decider *d);
void decide_transfer(struct decider *d);
/* core/decide/pay.c */
void decide_pay(struct decider *d);
/* core/decide/premium.c */
void decide_pay_premium(struct decider *d);
/* core/decide/hold.c; the HOLD itself is decided by decide_pay() */
void decide_capture(struct decider *d);
void decide_release(struct decider *d);
/* core/decide/pending.c */
void decide_accept(struct decider *d);
void decide_return(struct decider *d);
/* core/decide/refund.c, core/decide/reverse.c */
void decide_refund(struct decider *d);
void decide_reverse(struct decider *d);
/* core/decide/account.c */
void decide_change_region(struct decider *d);
void decide_close_person(struct decider *d);

#endif
