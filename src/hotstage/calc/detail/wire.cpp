// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/detail/wire.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <thread>

namespace hotstage::calc::detail {

namespace {

constexpr double bohr_A = 0.529177210903;       // CODATA 2018
constexpr double hartree_eV = 27.211386245988;  // CODATA 2018
constexpr std::size_t header_size = 12;
constexpr int look_again_ms = 200;
constexpr std::int32_t longest_extra = 1 << 20;

/// True when there is something to read.
bool readable(int descriptor) {
  pollfd wait{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&wait, 1, look_again_ms) > 0;
}

/// Printable version of what a stranger sent.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c >= ' ' && c <= '~' ? c : '?';
  }
  return out;
}

}  // namespace

Listener::Listener() {
  static std::atomic<unsigned> count{0};
  descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) {
    throw io::os_error(errno, "socket", "make");
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    name_ = fmt::format("hotstage_{}_{}", ::getpid(), count++);
    path_ = fmt::format("/{}/ipi_{}", "tmp", name_);  // the prefix is fixed by the protocol's clients
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    HOTSTAGE_EXPECTS(path_.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      ::chmod(path_.c_str(), S_IRUSR | S_IWUSR);
      if (::listen(descriptor_, 4) != 0) {
        throw io::os_error(errno, path_, "listen at");
      }
      return;
    }
    if (errno != EADDRINUSE) {
      throw io::os_error(errno, path_, "bind");
    }
  }
  throw Error(Errc::io, fmt::format("no free socket name like {}", path_), "remove stale sockets there");
}

Listener::~Listener() {
  ::close(descriptor_);
  ::unlink(path_.c_str());
}

int Listener::accept(const Watch& watch) const {
  for (;;) {
    watch();
    if (!readable(descriptor_)) {
      continue;
    }
    const int client = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      continue;
    }
    ucred who{};
    socklen_t size = sizeof(who);
    if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.uid == ::getuid()) {
      return client;
    }
    ::close(client);
  }
}

Wire::~Wire() {
  ::close(descriptor_);
}

void Wire::send(const void* bytes, std::size_t count) const {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t sent = ::send(descriptor_, at, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      throw ClientFailed("closed the connection");
    }
    at += sent;
    count -= static_cast<std::size_t>(sent);
  }
}

void Wire::send_header(std::string_view header) const {
  HOTSTAGE_EXPECTS(header.size() <= header_size);
  std::array<char, header_size> out{};
  out.fill(' ');
  std::memcpy(out.data(), header.data(), header.size());
  send(out.data(), out.size());
}

void Wire::receive(void* bytes, std::size_t count, const Watch& watch) const {
  char* at = static_cast<char*>(bytes);
  while (count > 0) {
    if (!readable(descriptor_)) {
      watch();
      continue;
    }
    const ssize_t got = ::recv(descriptor_, at, count, 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      throw ClientFailed("closed the connection");
    }
    at += got;
    count -= static_cast<std::size_t>(got);
  }
}

std::string Wire::receive_header(const Watch& watch) const {
  std::string out(header_size, ' ');
  receive(out.data(), out.size(), watch);
  while (!out.empty() && (out.back() == ' ' || out.back() == '\0')) {
    out.pop_back();
  }
  return out;
}

namespace {

void send_init(const Wire& wire) {
  const std::int32_t replica = 0;
  const std::int32_t length = 1;
  wire.send_header("INIT");
  wire.send(&replica, sizeof(replica));
  wire.send(&length, sizeof(length));
  wire.send(" ", 1);
}

void wait_until_ready(const Wire& wire, const Watch& watch) {
  constexpr int most_inits = 3;
  for (int inits = 0; inits <= most_inits;) {
    wire.send_header("STATUS");
    const std::string state = wire.receive_header(watch);
    if (state == "READY") {
      return;
    }
    if (state != "NEEDINIT") {
      throw ClientFailed(fmt::format("answered \"{}\" where READY or NEEDINIT was due", shown(state)));
    }
    send_init(wire);
    ++inits;
  }
  throw ClientFailed("asks for INIT again and again");
}

void send_positions(const Wire& wire, const atoms::Structure& s) {
  const atoms::Lattice lattice(s.cell_A);
  std::array<double, 9> cell{};
  std::array<double, 9> inverse{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      cell[3 * i + j] = s.cell_A[j][i] / bohr_A;  // lattice vectors are columns on the wire
      inverse[3 * i + j] = lattice.reciprocal()[i][j] * bohr_A;
    }
  }
  std::vector<double> places;
  places.reserve(3 * s.size());
  for (const atoms::Vector& p : s.positions_A) {
    for (const double x : p) {
      places.push_back(x / bohr_A);
    }
  }
  const auto count = static_cast<std::int32_t>(s.size());
  wire.send_header("POSDATA");
  wire.send(cell.data(), sizeof(cell));
  wire.send(inverse.data(), sizeof(inverse));
  wire.send(&count, sizeof(count));
  wire.send(places.data(), places.size() * sizeof(double));
}

void wait_for_data(const Wire& wire, const Watch& watch) {
  for (;;) {
    wire.send_header("STATUS");
    const std::string state = wire.receive_header(watch);
    if (state == "HAVEDATA") {
      return;
    }
    if (state != "BUSY" && state != "READY") {
      throw ClientFailed(fmt::format("answered \"{}\" where HAVEDATA was due", shown(state)));
    }
    watch();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Evaluation receive_forces(const Wire& wire, const atoms::Structure& s, const Watch& watch) {
  wire.send_header("GETFORCE");
  const std::string head = wire.receive_header(watch);
  if (head != "FORCEREADY") {
    throw ClientFailed(fmt::format("answered \"{}\" where FORCEREADY was due", shown(head)));
  }
  double energy = 0.0;
  std::int32_t count = 0;
  wire.receive(&energy, sizeof(energy), watch);
  wire.receive(&count, sizeof(count), watch);
  if (count < 0 || static_cast<std::size_t>(count) != s.size()) {
    throw ClientFailed(fmt::format("sent forces of {} atoms for {}", count, s.size()));
  }
  std::vector<double> forces(3 * s.size());
  std::array<double, 9> virial{};
  std::int32_t extra = 0;
  wire.receive(forces.data(), forces.size() * sizeof(double), watch);
  wire.receive(virial.data(), sizeof(virial), watch);
  wire.receive(&extra, sizeof(extra), watch);
  if (extra < 0 || extra > longest_extra) {
    throw ClientFailed(fmt::format("announced {} bytes of extra text", extra));
  }
  std::string text(static_cast<std::size_t>(extra), ' ');
  wire.receive(text.data(), text.size(), watch);
  Evaluation out{.energy_eV = energy * hartree_eV, .forces_eV_A = {}, .stress_eV_A3 = atoms::Cell{}};
  out.forces_eV_A.resize(s.size());
  double sum = out.energy_eV;
  for (std::size_t i = 0; i < forces.size(); ++i) {
    out.forces_eV_A[i / 3][i % 3] = forces[i] * hartree_eV / bohr_A;
    sum += std::abs(forces[i]);
  }
  const double volume_A3 = atoms::volume_A3(s.cell_A);
  for (std::size_t i = 0; i < 9; ++i) {
    (*out.stress_eV_A3)[i / 3][i % 3] = -virial[i] * hartree_eV / volume_A3;
    sum += std::abs(virial[i]);
  }
  if (!std::isfinite(sum)) {
    throw ClientFailed("sent numbers that are not finite");
  }
  return out;
}

}  // namespace

Evaluation exchange(const Wire& wire, const atoms::Structure& structure, const Watch& watch) {
  wait_until_ready(wire, watch);
  send_positions(wire, structure);
  wait_for_data(wire, watch);
  return receive_forces(wire, structure, watch);
}

}  // namespace hotstage::calc::detail
