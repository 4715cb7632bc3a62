from data_juicer.ops.base_op import OPERATORS, Mapper

@OPERATORS.register_module("own_mapper")
class Own(Mapper):
    def process_single(self, sample):
        sample["own"] = True
        return sample
