// Valid UTF-8, under the name that handlers know it by.
#pragma once

#include "libs/status/utf8.h"

namespace redress::service {

using redress::FirstInvalidUtf8;

}  // namespace redress::service
