// Every entry point runs its body inside guard(): an exception becomes a message for cpt_last_error() and the given result.
#pragma once
#include <c10/util/Exception.h>
#include <exception>
#include <string>

namespace cpt {

inline std::string& last_error() {
    thread_local std::string message;
    return message;
}

template <class Result, class Body>
inline Result guard(Result failed, Body&& body) noexcept {
    try {
        return body();
    } catch (const c10::Error& error) {
        // The C++ stack behind it names nothing a C# reader could act on.
        last_error() = error.what_without_backtrace();
    } catch (const std::exception& error) {
        last_error() = error.what();
    } catch (...) {
        last_error() = "an exception that is no std::exception";
    }
    return failed;
}

}  // namespace cpt
