#include "services/redressctl/import/buffered_bytes.h"

#include <cstring>

namespace redress::importer {

absl::Status BufferedBytes::Rewind() {
  begin_ = end_ = 0;
  done_ = false;
  line_ = 1;
  status_ = reader_->Rewind();
  return status_;
}

void BufferedBytes::Fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  // One read may give less than asked for; the look-ahead must be whole.
  while (end_ < 16 || end_ < buffer_.size() / 2) {
    const absl::StatusOr<size_t> got = reader_->Read(buffer_.data() + end_, buffer_.size() - end_);
    if (!got.ok()) status_ = got.status();
    if (!got.ok() || *got == 0) {
      done_ = true;
      return;
    }
    end_ += *got;
  }
  if (reading_) reading_(reader_->Fraction());
}

}  // namespace redress::importer
