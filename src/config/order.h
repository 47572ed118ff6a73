/* config/order.h - whether the parts of a plan may stand as they do. */
#ifndef CONFIG_ORDER_H
#define CONFIG_ORDER_H

#include "config/plan.h"
#include "config/report.h"

/*
 * Sets the capabilities and weakenings of the plan. Reports each layer that lacks what it needs, stands above what it
 * forbids, or breaks a rule; a rule that only warns becomes a warning. Parts without type are left out.
 */
void config_check_order(ConfigPlan *plan, ConfigReport *report);

#endif
