#include "global/log_address.h"

#include "global/address_quote.h"
#include "util/text.h"

namespace handoff::global {

AddressForm log_address_form(const Params& params) {
  return util::equal_ignoring_case(params.info_log_address_format, "internal")
             ? AddressForm::Internal
             : AddressForm::External;
}

std::string address_in_log(std::string_view internal, AddressForm form) {
  return form == AddressForm::Internal || internal.empty() ? std::string(internal)
                                                           : quote_address(internal);
}

}  // namespace handoff::global
