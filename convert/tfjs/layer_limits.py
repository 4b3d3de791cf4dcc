"""What TF.js 4.22 lacks or computes differently, and what does nothing once a model is trained."""

from __future__ import annotations

# do nothing at inference, and TF.js has none of them
_TRAINING_ONLY = """
    ActivityRegularization AugMix CutMix MixUp RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomElasticTransform RandomErasing RandomFlip
    RandomGaussianBlur RandomGrayscale RandomHeight RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
    RandomTranslation RandomWidth RandomZoom SpatialDropout2D SpatialDropout3D
"""
TRAINING_ONLY = frozenset(_TRAINING_ONLY.split())

REASONS: dict[str, str] = {
    "CategoryEncoding": "TF.js overwrites the shape of its input, and then refuses the input",
    # measured: 0.83 and 1.0 of the largest output, where the cpu backend is right
    "Conv3DTranspose": "TF.js' wasm backend computes something else",
    "Resizing": "TF.js samples with aligned corners, Keras with half-pixel centres",
    "CenterCrop": "TF.js resizes where Keras crops",
    "Lambda": "it holds Python code",
    "TFSMLayer": "it holds a TensorFlow graph",
    "FlaxLayer": "it holds Python code",
    "JaxLayer": "it holds Python code",
    "TorchModuleWrapper": "it holds Python code",
}
_LACKING = """
    AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D AdaptiveMaxPooling3D AdditiveAttention Attention AutoContrast
    ContrastLimitedAdaptiveHistogramEqualization Conv1DTranspose ConvLSTM1D ConvLSTM3D Cropping1D
    Cropping3D DepthwiseConv1D Discretization EinsumDense Equalization GlobalAveragePooling3D
    GlobalMaxPooling3D GroupNormalization GroupedQueryAttention HashedCrossing Hashing IntegerLookup
    MaxNumBoundingBoxes MelSpectrogram MultiHeadAttention Pipeline RMSNormalization RandomCrop
    ReversibleEmbedding STFTSpectrogram SeparableConv1D Solarization SpectralNormalization
    StringLookup Subtract TextVectorization UnitNormalization UpSampling1D UpSampling3D
    ZeroPadding1D ZeroPadding3D
"""
# the public converter's writes of these end in TF.js' "Unknown layer"
LACKING = frozenset(_LACKING.split())

ACTIVATIONS: dict[str, str] = {
    **{
        name: name
        for name in (
            *("elu", "linear", "relu", "relu6", "selu", "sigmoid", "softmax", "softplus"),
            *("softsign", "tanh", "gelu", "mish", "swish", "log_softmax"),
        )
    },
    "silu": "swish",
}
# Keras 2's is clip(0.2x + 0.5, 0, 1), as TF.js'; Keras 3's is relu6(x + 3) / 6
KERAS_2_ACTIVATIONS: dict[str, str] = {**ACTIVATIONS, "hard_sigmoid": "hard_sigmoid"}

_INITIALIZERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones
    RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
# not Orthogonal: within nested models and stacked cells TF.js runs it while it loads the model,
# and stops there, for without the package of everything its tensors have no `flatten`
INITIALIZERS = frozenset(_INITIALIZERS.split())
