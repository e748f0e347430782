/* What this was compiled with, and the vector width that the loader chose (see dispatch.h). */
#ifndef CHAINTHEORY_TARGET_H
#define CHAINTHEORY_TARGET_H

const char *ct_compiler(void);
const char *ct_flags(void);
const char *ct_target(void);
int ct_vector_width(void);  /* doubles in one register */

#endif
