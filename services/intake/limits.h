// Every limit that callers meet, in one place. What lies beyond is refused with the limit in the message.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libs/clock/millis.h"

namespace redress::intake {

// Texts, in bytes of UTF-8.
inline constexpr size_t kMaxText = 64 * 1024;  // description, message, note, answer
inline constexpr size_t kMaxShortText = 1024;  // name, contacts, dwelling, access note, care needs

// Codes: visible ASCII.
inline constexpr size_t kMaxCode = 64;
inline constexpr size_t kMaxReference = 128;
inline constexpr size_t kMaxUri = 512;

// Texts of one RedactText. An event of it ends when its texts have reached this: two fit into a record.
inline constexpr int kMaxRedactions = 20;
inline constexpr size_t kMaxResealedBytes = size_t{192} << 10;
// How often one is ordered anew because the complaint moved.
inline constexpr int kMaxRedactionTries = 8;

// Legal holds that stand on one complaint or person.
inline constexpr int kMaxLegalHolds = 20;

// Of one complaint, in its whole life.
inline constexpr int kMaxAttachments = 100;
inline constexpr int64_t kMaxAttachmentBytes = int64_t{1} << 40;

// Facts of one imported complaint; rows of one message of an import.
inline constexpr int kMaxImportedFacts = 2000;
inline constexpr int kMaxImportRows = 500;

// A page of a list or history ends when what it holds has reached this.
inline constexpr size_t kMaxPageBytes = size_t{2} << 20;

// How long a stream waits before it tries again what was refused for a while.
inline constexpr Millis kPatience = 200;

// Tickets of one stream that may be undecided at a time.
inline constexpr int kMaxUndecidedTickets = 256;

// Tries of tracking codes.
inline constexpr int kMaxTries = 10;
inline constexpr Millis kTriesPer = kHour;

}  // namespace redress::intake
