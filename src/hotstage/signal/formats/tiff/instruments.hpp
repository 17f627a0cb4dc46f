// SPDX-License-Identifier: GPL-3.0-or-later
// What programs of instruments write into TIFF files: FEI / Thermo Fisher (tags 34680 and 34682) and OME.

#pragma once

#include "hotstage/signal/formats/tiff/calibration.hpp"

#include <string>
#include <string_view>

namespace hotstage::signal::tiff {

/// Lines "key=value" below "[section]". The pixel size is that of the scan which the section Beam names, else the field
/// of view of that beam over the width in pixels (`out.x.size`). Metres become nm.
void read_fei(std::string_view text, Calibration& out);

/// OME-XML: PhysicalSize of the first image, its planes (z, c, t) as the axes of the stack, with the measured times of
/// the planes (DeltaT) when all are given. Text that is not well formed is ignored.
void read_ome(std::string_view xml, Calibration& out);

}  // namespace hotstage::signal::tiff
