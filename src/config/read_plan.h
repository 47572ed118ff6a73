/* config/read_plan.h - a whole document into a plan. */
#ifndef CONFIG_READ_PLAN_H
#define CONFIG_READ_PLAN_H

#include "config/plan.h"
#include "config/reader.h"

#include <cjson/cJSON.h>

/* Reads the whole document. When something is wrong it is in the report, and the plan is good for its end alone. */
void config_read_plan(ConfigReader *reader, const cJSON *document, ConfigPlan *ret_plan);

#endif
