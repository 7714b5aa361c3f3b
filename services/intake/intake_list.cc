#include "services/intake/intake_list.h"

#include <algorithm>
#include <deque>

#include "libs/ids/ids.h"
#include "libs/store/keys.h"
#include "services/intake/complaint.h"
#include "services/intake/intake_projection.h"

namespace redress::intake {
namespace {

using store::Key;

// Rows fetched from one range at a time: few at first, since a page is made of many ranges.
constexpr size_t kFirstChunk = 16;
constexpr size_t kMaxChunk = 64;

// Ids under one key prefix, in order, and their rows where they lie there.
class Cursor {
 public:
  // Ids in [from, to); an empty `to` has no upper bound.
  Cursor(uint16_t shard, std::string prefix, const std::string& from, const std::string& to, bool back)
      : shard_(shard),
        prefix_(std::move(prefix)),
        holds_rows_(prefix_ == Key(shard, kComplaintTable).bytes()),
        from_(prefix_ + from),
        to_(prefix_ + to),
        back_(back) {
    if (to.empty()) to_ = store::After(prefix_);
  }

  // The next id, or null at the end.
  const std::string* Peek(const store::Rows& rows) {
    if (found_.empty() && !ended_) Fill(rows);
    return found_.empty() ? nullptr : &found_.front().id;
  }
  // The row of the next id, which is left behind.
  Complaint Take(const store::Rows& rows) {
    Complaint row;
    if (holds_rows_) {
      row.ParseFromString(found_.front().row);
    } else {
      row = LoadComplaint(rows, shard_, found_.front().id);
    }
    found_.pop_front();
    return row;
  }

 private:
  struct Found {
    std::string id;
    std::string row;
  };

  void Fill(const store::Rows& rows) {
    const auto take = [&](absl::string_view key, absl::string_view value) {
      found_.push_back({std::string(key.substr(prefix_.size())), std::string(holds_rows_ ? value : "")});
      return found_.size() < chunk_;
    };
    if (back_) {
      rows.ScanBack(from_, to_, take);
    } else {
      rows.Scan(from_, to_, take);
    }
    ended_ = found_.size() < chunk_;
    chunk_ = std::min(2 * chunk_, kMaxChunk);
    if (found_.empty()) return;
    const std::string last = prefix_ + found_.back().id;
    // A key's successor is itself and a zero byte.
    (back_ ? to_ : from_) = back_ ? last : last + std::string(1, '\0');
  }

  uint16_t shard_;
  std::string prefix_;
  bool holds_rows_;
  std::string from_;
  std::string to_;
  bool back_;
  bool ended_ = false;
  size_t chunk_ = kFirstChunk;
  std::deque<Found> found_;
};

bool OpenOnly(const ListQuestion& question) {
  return !question.states.empty() && std::all_of(question.states.begin(), question.states.end(), IsOpen);
}

// The key prefixes that hold everything asked for, in one shard.
std::vector<std::string> PrefixesIn(uint16_t shard, const ListQuestion& question) {
  if (!question.residence.empty()) return {Key(shard, kByResidenceTable).Str(question.residence).Take()};
  const uint8_t by_agency = OpenOnly(question) ? kOpenByAgencyTable : kByAgencyTable;
  if (!question.agency.empty()) return {Key(shard, by_agency).Str(question.agency).Take()};
  if (question.all_agencies) return {Key(shard, OpenOnly(question) ? kOpenTable : kComplaintTable).Take()};
  std::vector<std::string> prefixes;
  for (const std::string& agency : question.agencies) prefixes.push_back(Key(shard, by_agency).Str(agency).Take());
  return prefixes;
}

bool Matches(const ListQuestion& question, const Complaint& row) {
  const auto fits = [](const std::string& filter, const std::string& value) {
    return filter.empty() || filter == value;
  };
  const auto& states = question.states;
  if (!states.empty() && std::find(states.begin(), states.end(), row.state()) == states.end()) return false;
  if (!fits(question.residence, row.placement().residence()) || !fits(question.agency, row.placement().agency()) ||
      !fits(question.category, row.category())) {
    return false;
  }
  if (question.received_from != 0 && row.received_at() < question.received_from) return false;
  if (question.received_to != 0 && row.received_at() >= question.received_to) return false;
  if (question.all_agencies) return true;
  const auto& agencies = question.agencies;
  return std::find(agencies.begin(), agencies.end(), row.placement().agency()) != agencies.end();
}

// Ids of a time: ids begin with the milliseconds of receipt. Receipts before 1970 all have 0 there.
std::string IdAt(Millis at) { return MakeId(std::max<Millis>(at, 0), 0, 0); }

std::vector<Cursor> CursorsOf(uint32_t shard_count, const ListQuestion& question) {
  std::string from = question.received_from > 0 ? IdAt(question.received_from) : "";
  std::string to = question.received_to > 0 ? IdAt(question.received_to) : "";
  if (!question.last_id.empty()) {
    if (question.newest_first) {
      to = to.empty() ? question.last_id : std::min(to, question.last_id);
    } else {
      from = std::max(from, question.last_id + std::string(1, '\0'));
    }
  }
  std::vector<Cursor> cursors;
  for (uint32_t shard = 0; shard < shard_count; ++shard) {
    for (std::string& prefix : PrefixesIn(static_cast<uint16_t>(shard), question)) {
      cursors.emplace_back(static_cast<uint16_t>(shard), std::move(prefix), from, to, question.newest_first);
    }
  }
  return cursors;
}

// Doubles of one reference are few: all at once, without a next page.
ListPage ListReference(const store::Rows& rows, uint32_t shard_count, const ListQuestion& question) {
  ListPage page;
  for (uint32_t i = 0; i < shard_count; ++i) {
    const auto shard = static_cast<uint16_t>(i);
    for (const std::string& id : FindReference(rows, shard, question.reference_system, question.reference)) {
      Complaint row = LoadComplaint(rows, shard, id);
      if (Matches(question, row)) page.complaints.emplace_back(id, std::move(row));
    }
  }
  std::sort(page.complaints.begin(), page.complaints.end(), [&](const auto& a, const auto& b) {
    return question.newest_first ? b.first < a.first : a.first < b.first;
  });
  return page;
}

}  // namespace

ListPage List(const store::Rows& rows, uint32_t shard_count, const ListQuestion& question) {
  if (!question.reference.empty()) return ListReference(rows, shard_count, question);
  std::vector<Cursor> cursors = CursorsOf(shard_count, question);
  ListPage page;
  const size_t bound = question.page_size + kMaxLookedAt;
  for (size_t looked_at = 0; looked_at < bound && page.complaints.size() < question.page_size; ++looked_at) {
    Cursor* next = nullptr;
    for (Cursor& cursor : cursors) {
      const std::string* id = cursor.Peek(rows);
      if (id == nullptr) continue;
      const std::string* best = next == nullptr ? nullptr : next->Peek(rows);
      if (best == nullptr || (question.newest_first ? *id > *best : *id < *best)) next = &cursor;
    }
    if (next == nullptr) return page.next_id.clear(), page;
    page.next_id = *next->Peek(rows);
    Complaint row = next->Take(rows);
    if (Matches(question, row)) page.complaints.emplace_back(page.next_id, std::move(row));
  }
  const bool more = std::any_of(cursors.begin(), cursors.end(), [&](Cursor& c) { return c.Peek(rows) != nullptr; });
  if (!more) page.next_id.clear();
  return page;
}

}  // namespace redress::intake
