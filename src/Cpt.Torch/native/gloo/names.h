// Gloo's names as c10d's header mentions them. PyTorch's wheels hold Gloo inside libtorch and leave its headers out. The shim only passes pointers
// to these types along, from one function of libtorch to another, and makes none itself, so their names are enough. GlooStore, which is declared
// from one of them in that header, is never made here either.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {
class Context {
public:
    void setTimeout(std::chrono::milliseconds) {}
};

namespace transport {
class Device {};
class UnboundBuffer {};
}  // namespace transport

namespace rendezvous {
class Store {
public:
    static constexpr std::chrono::milliseconds kDefaultTimeout{30000};

    virtual ~Store() = default;
    virtual void set(const std::string& key, const std::vector<char>& data) = 0;
    virtual std::vector<char> get(const std::string& key) = 0;
    virtual void wait(const std::vector<std::string>& keys) = 0;
    virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) = 0;
};
}  // namespace rendezvous
}  // namespace gloo
