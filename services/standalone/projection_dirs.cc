#include "services/standalone/projection_dirs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/store/rocksdb/rocksdb_database.h"

namespace redress {
namespace fs = std::filesystem;
namespace {

int GenerationOf(const std::string& name) {
  const size_t dash = name.rfind('-');
  int generation = 0;
  if (dash == std::string::npos || !absl::SimpleAtoi(name.substr(dash + 1), &generation)) return 0;
  return generation;
}

absl::Status DiskError(const std::string& what, const std::error_code& error) {
  return MakeError(absl::StatusCode::kInternal, "DISK_ERROR", absl::StrCat(what, ": ", error.message()));
}

}  // namespace

std::string ProjectionDirs::NameOf(log::Stream stream, int version, int generation) {
  return absl::StrFormat("%s-v%d-%06d", std::string(log::StreamName(stream)), version, generation);
}

absl::StatusOr<std::shared_ptr<store::Database>> ProjectionDirs::Open(const std::string& name) const {
  ASSIGN_OR_RETURN(auto database, store::OpenRocksDatabase({.dir = absl::StrCat(dir_, "/projections/", name)}));
  return std::shared_ptr<store::Database>(std::move(database));
}

absl::Status ProjectionDirs::SetCurrent(log::Stream stream, const std::string& name) {
  const std::string file = absl::StrCat(dir_, "/projections/", log::StreamName(stream), ".current");
  {
    std::ofstream out(file + ".new", std::ios::trunc);
    out << name << "\n";
    out.flush();
    if (!out) return MakeError(absl::StatusCode::kInternal, "DISK_ERROR", absl::StrCat("cannot write ", file));
  }
  std::error_code error;
  fs::rename(file + ".new", file, error);
  if (error) return DiskError(file, error);
  states_[stream].current = name;
  return absl::OkStatus();
}

void ProjectionDirs::DeleteOthers(log::Stream stream, const std::string& keep) const {
  std::error_code error;
  const std::string prefix = absl::StrCat(log::StreamName(stream), "-v");
  for (const auto& entry : fs::directory_iterator(dir_ + "/projections", error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && absl::StartsWith(name, prefix) && name != keep) fs::remove_all(entry.path(), error);
  }
}

absl::StatusOr<std::shared_ptr<store::Database>> ProjectionDirs::OpenCurrent(log::Stream stream, int version,
                                                                             bool* fresh) {
  std::error_code error;
  fs::create_directories(dir_ + "/projections", error);
  if (error) return DiskError(dir_ + "/projections", error);
  State& state = states_[stream];
  state.version = version;
  std::string name;
  std::ifstream(absl::StrCat(dir_, "/projections/", log::StreamName(stream), ".current")) >> name;
  *fresh = false;
  if (absl::StartsWith(name, absl::StrCat(log::StreamName(stream), "-v", version, "-"))) {
    auto database = Open(name);
    if (database.ok() || absl::IsUnavailable(database.status())) {
      if (database.ok()) DeleteOthers(stream, name);
      state.current = name;
      return database;
    }
    // Damaged: the log has all of it.
  }
  *fresh = true;
  state.current = name;
  return OpenAnew(stream);
}

absl::StatusOr<std::shared_ptr<store::Database>> ProjectionDirs::OpenAnew(log::Stream stream) {
  const State& state = states_[stream];
  DeleteOthers(stream, "");
  const std::string made = NameOf(stream, state.version, GenerationOf(state.current) + 1);
  ASSIGN_OR_RETURN(auto database, Open(made));
  RETURN_IF_ERROR(SetCurrent(stream, made));
  return database;
}

absl::Status ProjectionDirs::MarkDamaged(log::Stream stream) {
  std::error_code error;
  const std::string file = absl::StrCat(dir_, "/projections/", log::StreamName(stream), ".current");
  fs::remove(file, error);
  return error ? DiskError(file, error) : absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<store::Database>> ProjectionDirs::CreateBeside(log::Stream stream) {
  State& state = states_[stream];
  if (stream == log::Stream::kRegister) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "NOT_WHILE_SERVING",
        "every service reads the register's rows: stop the process and start it again, which rebuilds them if they "
        "were found damaged, or are deleted meanwhile");
  }
  state.beside = NameOf(stream, state.version, GenerationOf(state.current) + 1);
  std::error_code error;
  fs::remove_all(absl::StrCat(dir_, "/projections/", state.beside), error);
  return Open(state.beside);
}

absl::Status ProjectionDirs::Adopt(log::Stream stream) {
  State& state = states_[stream];
  RETURN_IF_ERROR(SetCurrent(stream, state.beside));
  state.beside.clear();
  // A snapshot may still read the old files: POSIX keeps them until it goes.
  DeleteOthers(stream, state.current);
  return absl::OkStatus();
}

void ProjectionDirs::Discard(log::Stream stream) {
  std::error_code error;
  fs::remove_all(absl::StrCat(dir_, "/projections/", states_[stream].beside), error);
  states_[stream].beside.clear();
}

std::string ProjectionDirs::CheckpointDir(log::Stream stream, const std::string& id, std::string* relative) {
  *relative = absl::StrCat("checkpoints/", log::StreamName(stream), "/", id);
  std::error_code error;
  fs::create_directories(absl::StrCat(dir_, "/checkpoints/", log::StreamName(stream)), error);
  return absl::StrCat(dir_, "/", *relative);
}

}  // namespace redress
