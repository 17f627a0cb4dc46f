// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of the i-PI protocol on a UNIX socket: 12-letter headers, native integers and doubles, atomic units.

#pragma once

#include "hotstage/atoms/structure.hpp"
#include "hotstage/calc/calculator.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hotstage::calc::detail {

/// The client broke the connection or the protocol: it can be replaced.
class ClientFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Called about five times a second while we wait; throws when waiting has become pointless.
using Watch = std::function<void()>;

/// A listening socket at the fixed place where i-PI clients look: <prefix of the protocol><name>. Removed at the end.
class Listener {
 public:
  Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] const std::string& name() const { return name_; }

  /// The file descriptor of the first client of our own user; others are turned away.
  [[nodiscard]] int accept(const Watch& watch) const;

 private:
  std::string name_;
  std::string path_;
  int descriptor_ = -1;
};

/// One connected client.
class Wire {
 public:
  explicit Wire(int descriptor) : descriptor_(descriptor) {}

  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  void send_header(std::string_view header) const;
  void send(const void* bytes, std::size_t count) const;

  [[nodiscard]] std::string receive_header(const Watch& watch) const;
  void receive(void* bytes, std::size_t count, const Watch& watch) const;

 private:
  int descriptor_;
};

/// One energy over the wire. Throws ClientFailed for anything that does not fit: unknown words, another number of
/// atoms, numbers that are not finite, an extra text of unreasonable length.
[[nodiscard]] Evaluation exchange(const Wire& wire, const atoms::Structure& structure, const Watch& watch);

}  // namespace hotstage::calc::detail
