// What holds where nobody has chosen otherwise: of a landlord without a set-up, and of what a set-up leaves out.
#pragma once

namespace redress::simulate {

// A set-up's landlord.
inline constexpr int kDefaultHomes = 3000;
inline constexpr int kDefaultDays = 90;

// Desk: the median of working hours until a dispatcher gets to a case, and those after which a line is looked at again,
// which is the next day.
inline constexpr double kDefaultDispatchHours = 1;
inline constexpr double kDefaultLineHours = 9;

// Slots: how many are offered, and up to when.
inline constexpr int kDefaultOffers = 6;
inline constexpr int kDefaultHorizonDays = 14;
inline constexpr double kDefaultNearestWithinHours = 72;

// How people behave: shares.
inline constexpr double kDefaultNoAccess = 0.09;
inline constexpr double kDefaultPartsAwaited = 0.09;
inline constexpr double kDefaultContested = 0.06;
inline constexpr double kDefaultConfirmed = 0.35;
inline constexpr double kDefaultWithdrawn = 0.015;

}  // namespace redress::simulate
