#include "tables/table.h"

#include "tables/table_type.h"

namespace handoff::tables {

using util::Error;
using util::Result;

Error unavailable(std::string what, int code) {
  return {Error::Kind::NotFound, std::move(what), code};
}

Error misconfigured(std::string what) {
  return Error::syntax(std::move(what));
}

bool is_misconfigured(const Error& error) {
  return error.kind == Error::Kind::Syntax;
}

Result<bool> Table::update(std::string_view, std::string_view) {
  return unsupported_operation(*this, "update");
}

Result<bool> Table::remove(std::string_view) {
  return unsupported_operation(*this, "delete");
}

Result<std::optional<Entry>> Table::sequence(Step) {
  return unsupported_operation(*this, "sequence");
}

}  // namespace handoff::tables
