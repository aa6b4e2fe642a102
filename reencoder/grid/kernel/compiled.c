/* The element-wise work of a front in one pass over memory, for `compiled.py`; float only.

   It computes what `gates.py` and `torch_fronts.py` do with one pass per operation. Axes and layouts are theirs: a row is a
   sample of a block, rows are ordered block after block; states have `width` = K * d elements, dimension after
   dimension, and gates 4 * width: u, f, o, c. `points` gives for each dimension the point to which the state goes that
   leaves each of the front's blocks; its rows are `stride` apart. */

#include <stdint.h>
#include <string.h>

typedef int64_t i64;

/* With fewer elements of a state, one thread is faster than several. */
#define GRAIN 16384

/* e^x. Relative error below 2e-7; beyond +-87 it stays at the value there. NaN stays NaN. */
static inline float exponential(float x) {
    x = x > 87.0f ? 87.0f : x;
    x = x < -87.0f ? -87.0f : x;
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    float shifted = x * 1.44269504088896341f + shift;
    float whole = shifted - shift;
    float rest = x - whole * 0.693359375f;
    rest = rest + whole * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * rest + 1.3981999507e-3f;
    p = p * rest + 8.3334519073e-3f;
    p = p * rest + 4.1665795894e-2f;
    p = p * rest + 1.6666665459e-1f;
    p = p * rest + 5.0000001201e-1f;
    p = p * rest * rest + rest + 1.0f;
    int32_t bits;
    memcpy(&bits, &shifted, 4);
    bits = (bits - 0x4b400000 + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, 4);
    return p * power;
}

static inline float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

static inline float squash(float x) { return 2.0f * logistic(2.0f * x) - 1.0f; }

/* Activate products into gates, which may be the same array. */
void activate_gates(const float *products, float *gates, i64 rows, i64 width, int threads) {
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && rows * width >= GRAIN)
    for (i64 row = 0; row < rows; row++) {
        const float *in = products + row * 4 * width;
        float *out = gates + row * 4 * width;
        for (i64 e = 0; e < 3 * width; e++) out[e] = logistic(in[e]);
        for (i64 e = 3 * width; e < 4 * width; e++) out[e] = squash(in[e]);
    }
}

/* One front forward: gates from products, states to their points, and hidden vectors by row to `leaving_blocks`, too,
   if given. `gates` holds the products; if `products` is given, they are that, plus what `gates` holds if `add`. `bias`
   is added to each row, if given. */
void front_forward(float *gates, const float *products, int add, const float *bias, const float *hidden,
                   const float *memory, const float *mask, const uint8_t *real, float *leaving_blocks,
                   float *hidden_points, float *memory_points, const i64 *points, i64 stride, i64 blocks, i64 batch,
                   i64 dimensions, i64 d, int o_tanhm, int threads) {
    const i64 width = dimensions * d;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && blocks * batch * width >= GRAIN)
    for (i64 row = 0; row < blocks * batch; row++) {
        const i64 block = row / batch, sample = row % batch;
        float *gate = gates + row * 4 * width;
        if (products) {
            const float *restrict in = products + row * 4 * width;
            if (add)
                for (i64 e = 0; e < 4 * width; e++) gate[e] += in[e];
            else
                memcpy(gate, in, 4 * width * sizeof(float));
        }
        if (bias)
            for (i64 e = 0; e < 4 * width; e++) gate[e] += bias[e];
        for (i64 n = 0; n < dimensions; n++) {
            const i64 from = row * width + n * d, to = (points[n * stride + block] * batch + sample) * width + n * d;
            float *restrict u = gate + n * d, *restrict f = u + width, *restrict o = f + width, *restrict c = o + width;
            const float *restrict m = memory + from;
            float *restrict new_h = hidden_points + to, *restrict new_m = memory_points + to;
#define FORWARD(HIDDEN)                                                                                              \
    _Pragma("omp simd")                                                                                              \
    for (i64 e = 0; e < d; e++) {                                                                                    \
        float ue = logistic(u[e]), fe = logistic(f[e]), oe = logistic(o[e]), ce = squash(c[e]);                      \
        float me = ue * ce + fe * m[e];                                                                              \
        u[e] = ue, f[e] = fe, o[e] = oe, c[e] = ce;                                                                  \
        new_m[e] = me;                                                                                               \
        new_h[e] = HIDDEN;                                                                                           \
    }
            if (o_tanhm) {
                FORWARD(oe * squash(me))
            } else {
                FORWARD(squash(oe * me))
            }
            if (real && !real[row]) { /* padding: states pass through */
                memcpy(new_h, hidden + from, d * sizeof(float));
                memcpy(new_m, m, d * sizeof(float));
            } else if (mask) {
                const float *restrict kept = mask + from;
                for (i64 e = 0; e < d; e++) new_h[e] *= kept[e];
            }
            if (leaving_blocks) memcpy(leaving_blocks + from, new_h, d * sizeof(float));
        }
    }
}

/* The gradients of the states that leave the blocks of a front. Up to `all_blocks` a point belongs to the next front,
   whose gradients begin with point `next_start`; the points after that hold states that leave the grid, whose gradients
   (shape (other extent, batch, d) with any strides for each dimension, or null) begin with `all_blocks`. Both
   `at_points` (all points) and `at_blocks` (the front's blocks) are added, if given. */
typedef struct {
    const float *next, *leaving[2], *at_points, *at_blocks;
    i64 next_start, all_blocks, strides[2][3];
} Arriving;

static inline void arriving_gradient(const Arriving *a, float *restrict out, i64 point, i64 block, i64 sample,
                                     i64 batch, i64 n, i64 d, i64 width) {
    if (point < a->all_blocks) {
        memcpy(out, a->next + ((point - a->next_start) * batch + sample) * width + n * d, d * sizeof(float));
    } else if (a->leaving[n]) {
        const i64 *strides = a->strides[n];
        const float *source = a->leaving[n] + (point - a->all_blocks) * strides[0] + sample * strides[1];
        for (i64 e = 0; e < d; e++) out[e] = source[e * strides[2]];
    } else {
        memset(out, 0, d * sizeof(float));
    }
    if (a->at_points) {
        const float *restrict more = a->at_points + (point * batch + sample) * width + n * d;
        for (i64 e = 0; e < d; e++) out[e] += more[e];
    }
    if (a->at_blocks) {
        const float *restrict more = a->at_blocks + (block * batch + sample) * width + n * d;
        for (i64 e = 0; e < d; e++) out[e] += more[e];
    }
}

/* One front backward, up to the product: gates become the gradients of the products, `entering_memory` takes the
   gradient of the entering memories. */
void front_backward(float *gates, const float *memory, const float *mask, const uint8_t *real, const Arriving *hidden_in,
                    const Arriving *memory_in, float *entering_memory, const i64 *points, i64 stride, i64 blocks,
                    i64 batch, i64 dimensions, i64 d, int o_tanhm, int threads) {
    const i64 width = dimensions * d;
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1 && blocks * batch * width >= GRAIN)
    for (i64 row = 0; row < blocks * batch; row++) {
        const i64 block = row / batch, sample = row % batch;
        float *gate = gates + row * 4 * width;
        float gh[d], gm[d];
        for (i64 n = 0; n < dimensions; n++) {
            const i64 from = row * width + n * d, point = points[n * stride + block];
            float *restrict u = gate + n * d, *restrict f = u + width, *restrict o = f + width, *restrict c = o + width;
            const float *restrict m = memory + from;
            float *restrict into = entering_memory + from;
            arriving_gradient(memory_in, gm, point, block, sample, batch, n, d, width);
            if (real && !real[row]) { /* padding: `front_passed` passes the gradient of the hidden vector */
                memcpy(into, gm, d * sizeof(float));
                for (i64 e = 0; e < d; e++) u[e] = f[e] = o[e] = c[e] = 0.0f;
                continue;
            }
            arriving_gradient(hidden_in, gh, point, block, sample, batch, n, d, width);
            if (mask) {
                const float *restrict kept = mask + from;
                for (i64 e = 0; e < d; e++) gh[e] *= kept[e];
            }
#define BACKWARD(THROUGH_HIDDEN)                                                                                     \
    _Pragma("omp simd")                                                                                              \
    for (i64 e = 0; e < d; e++) {                                                                                    \
        float ue = u[e], fe = f[e], oe = o[e], ce = c[e], me = m[e], ge = gm[e], go;                                 \
        float ne = ue * ce + fe * me;                                                                                \
        THROUGH_HIDDEN                                                                                               \
        into[e] = ge * fe;                                                                                           \
        u[e] = ge * ce * ue * (1.0f - ue);                                                                           \
        f[e] = ge * me * fe * (1.0f - fe);                                                                           \
        o[e] = go * oe * (1.0f - oe);                                                                                \
        c[e] = ge * ue * (1.0f - ce * ce);                                                                           \
    }
            if (o_tanhm) {
                BACKWARD(float s = squash(ne); go = gh[e] * s; ge += gh[e] * oe * (1.0f - s * s);)
            } else {
                BACKWARD(float s = squash(oe * ne); float gz = gh[e] * (1.0f - s * s); go = gz * ne; ge += gz * oe;)
            }
        }
    }
}

/* After the product: `entering` += the gradients of the hidden vectors that passed through padding. */
void front_passed(float *entering, const uint8_t *real, const Arriving *hidden_in, const i64 *points, i64 stride,
                  i64 blocks, i64 batch, i64 dimensions, i64 d) {
    const i64 width = dimensions * d;
    float gh[d];
    for (i64 row = 0; row < blocks * batch; row++) {
        if (real[row]) continue;
        for (i64 n = 0; n < dimensions; n++) {
            arriving_gradient(hidden_in, gh, points[n * stride + row / batch], row / batch, row % batch, batch, n, d,
                              width);
            float *restrict into = entering + row * width + n * d;
            for (i64 e = 0; e < d; e++) into[e] += gh[e];
        }
    }
}
