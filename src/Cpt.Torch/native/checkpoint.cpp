// Gradient checkpointing (Chen et al. 2016, arXiv:1604.06174): a piece of a network whose activations are not kept. The forward pass computes it without
// recording and keeps its input alone; the backward pass computes it again, recorded, and goes back through it at once. The piece is a function of the caller,
// called twice for each pass; gradients of the parameters in it are added up in the parameters themselves, as in any backward pass.
#include "guard.h"
#include "handles.h"
#include "kernels/autograd_function.h"
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>

using namespace cpt;

namespace {

// Tells the caller when the piece is not needed any more: its backward pass is done, or will never come.
struct Piece : torch::CustomClassHolder {
    cpt_piece_run run;
    cpt_piece_release release;
    void* context;

    Piece(cpt_piece_run r, cpt_piece_release free, void* c) : run(r), release(free), context(c) {}
    ~Piece() override { release(context); }

    at::Tensor operator()(at::Tensor input) const {
        cpt_tensor result = nullptr;
        auto handle = give(std::move(input));
        const auto status = run(context, handle, &result);
        TORCH_CHECK(status == 0 && result != nullptr, "the piece of the network failed");
        live_handles.fetch_sub(1, std::memory_order_relaxed);
        return at::Tensor(c10::intrusive_ptr<at::TensorImpl>::reclaim(static_cast<at::TensorImpl*>(result)));
    }
};

// Autocast is a matter of the thread and of the moment; the second computation must round as the first.
struct Autocast {
    int device, on, dtype;

    static Autocast now(const at::Tensor& tensor) {
        const int device = static_cast<int>(tensor.device().type());
        const int dtype = cpt_autocast_dtype(device);
        const int on = cpt_autocast(device, 0, -1);
        cpt_autocast(device, on, -1);
        return {device, on, dtype};
    }
};

class AutocastAs {
public:
    explicit AutocastAs(const Autocast& wanted) : before_{wanted.device, 0, cpt_autocast_dtype(wanted.device)} {
        before_.on = cpt_autocast(wanted.device, wanted.on, wanted.dtype);
    }
    ~AutocastAs() {
        cpt_autocast(before_.device, before_.on, before_.dtype);
        // Converted weights that it kept were made for this piece, and belong to its graph.
        cpt_autocast_clear_cache();
    }
    AutocastAs(const AutocastAs&) = delete;
    AutocastAs& operator=(const AutocastAs&) = delete;

private:
    Autocast before_;
};

struct Checkpoint : torch::autograd::Function<Checkpoint> {
    // anchor: any tensor that needs a gradient. An input that needs none (embeddings that are frozen) would make a result that needs none.
    static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& anchor, const c10::IValue& capsule) {
        (void)anchor;
        context->save_for_backward({input});
        context->saved_data["piece"] = capsule;
        const auto autocast = Autocast::now(input);
        context->saved_data["autocast"] = std::vector<int64_t>{autocast.device, autocast.on, autocast.dtype};
        auto result = (*static_cast<Piece*>(capsule.toCapsule().get()))(input);
        // Converted weights kept by autocast have no history here, and a later piece must not find them.
        if (autocast.on > 0) cpt_autocast_clear_cache();
        return result;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative("a gradient checkpoint");
        const auto saved = context->get_saved_variables()[0];
        const auto capsule = context->saved_data["piece"].toCapsule();
        const auto settings = context->saved_data["autocast"].toIntVector();
        const bool needed = saved.requires_grad();
        auto input = saved.detach();
        at::Tensor result;
        {
            const at::AutoGradMode recorded(true);
            if (needed) input.requires_grad_();
            const AutocastAs same({static_cast<int>(settings[0]), static_cast<int>(settings[1]), static_cast<int>(settings[2])});
            result = (*static_cast<Piece*>(capsule.get()))(input);
        }
        if (result.requires_grad()) torch::autograd::backward({result}, {gradients[0]});
        return {needed ? input.grad() : at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

CPT_API cpt_tensor cpt_checkpoint(cpt_tensor input, cpt_tensor anchor, cpt_piece_run run, cpt_piece_release release, void* context) {
    return guard<cpt_tensor>(nullptr, [&] {
        auto piece = c10::make_intrusive<Piece>(run, release, context);
        const c10::IValue capsule = c10::IValue::make_capsule(piece);
        return give(Checkpoint::apply(borrow(input), borrow(anchor), capsule));
    });
}
