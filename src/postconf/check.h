// check.h - all mistakes in main.cf and master.cf at once, as far as one can see without running
// the programs.
#pragma once

namespace handoff::postconf {

// Reports each on standard error. Gives the exit status: success if there are none.
int check_all_values();

}  // namespace handoff::postconf
